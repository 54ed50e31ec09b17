package blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// AllowBrowsers lets pages of that origin, such as https://meibo.example.com, PUT signed parts and read their ETags. A
// bucket that has rules already keeps them: where they do not let the origin in, the error says so.
func (s *Store) AllowBrowsers(ctx context.Context, origin string) error {
	have, err := s.client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: &s.bucket})
	var api smithy.APIError
	switch {
	case err == nil && slices.ContainsFunc(have.CORSRules, func(r types.CORSRule) bool { return letsIn(r, origin) }):
		return nil
	case err == nil:
		return fmt.Errorf("let browsers in: the rules of bucket %s do not let %s PUT and read the header ETag", s.bucket, origin)
	case !errors.As(err, &api) || api.ErrorCode() != "NoSuchCORSConfiguration":
		return fmt.Errorf("let browsers in: %w", err)
	}
	_, err = s.client.PutBucketCors(ctx, &s3.PutBucketCorsInput{
		Bucket: &s.bucket, CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{{
			AllowedOrigins: []string{origin}, AllowedMethods: []string{http.MethodPut}, AllowedHeaders: []string{"*"},
			ExposeHeaders: []string{"ETag"},
		}}},
	})
	if err != nil {
		return fmt.Errorf("let browsers in: %w", err)
	}
	return nil
}

// letsIn tells whether a rule is as good as the one that AllowBrowsers makes.
func letsIn(r types.CORSRule, origin string) bool {
	return (slices.Contains(r.AllowedOrigins, origin) || slices.Contains(r.AllowedOrigins, "*")) &&
		slices.Contains(r.AllowedMethods, http.MethodPut) && slices.Contains(r.ExposeHeaders, "ETag")
}
